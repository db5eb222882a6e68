/** The page of ours that a request was sent from, with its query; null when it was another, or nobody said. */
export function pageBefore(request: Request): string | null {
  const referer = request.headers.get("referer");
  if (referer === null || !URL.canParse(referer)) return null;
  const { origin, pathname, search } = new URL(referer);
  const isOurs = origin === new URL(request.url).origin && !pathname.startsWith("//"); // a browser would take that for another host
  return isOurs ? pathname + search : null;
}

/** The page of ours that a form was sent from, as far as `room` matches its path; null when it was another, or nobody said. */
export function cameFrom(request: Request, room: RegExp): string | null {
  return room.exec(pageBefore(request)?.split("?")[0] ?? "")?.[0] ?? null;
}
