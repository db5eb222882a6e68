const heard: { url: string; method: string; headers: Record<string, string>; body: string }[] = [];

/** Keeps what it is told, and tells it again at /heard. */
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/heard") return Response.json(heard);
    heard.push({ url: request.url, method: request.method, headers: Object.fromEntries(request.headers), body: await request.text() });
    return new Response("booked", { status: pathname === "/full" ? 507 : 200 });
  },
} satisfies ExportedHandler;
