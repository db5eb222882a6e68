/** The page of ours that a form was sent from, as far as `room` matches its path; null when it was another, or nobody said. */
export function cameFrom(request: Request, room: RegExp): string | null {
  const referer = request.headers.get("referer");
  if (referer === null || !URL.canParse(referer)) return null;
  const { origin, pathname } = new URL(referer);
  return origin === new URL(request.url).origin ? (room.exec(pathname)?.[0] ?? null) : null;
}
