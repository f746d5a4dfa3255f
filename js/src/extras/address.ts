/** Where the application is: what it names by URL is relative to its socket, wherever a proxy shows it. */

/** A URL of the application, or of another one on its server. */
export function locate(url: string): string {
  const meta = document.querySelector<HTMLMetaElement>("meta[name=jibe-like]");
  const { socket } = JSON.parse(meta?.content ?? "{}") as { socket?: string };
  return new URL(url, new URL(socket ?? "", document.baseURI)).href;
}
