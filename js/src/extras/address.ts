/** Where the application is: what it names by URL is relative to its socket, wherever a proxy shows it. */

/** What the page says of its application. */
export function configured(): { readonly socket?: string; readonly limit?: number } {
  const meta = document.querySelector<HTMLMetaElement>("meta[name=jibe-like]");
  return JSON.parse(meta?.content ?? "{}");
}

/** A URL of the application, or of another one on its server. */
export function locate(url: string): string {
  return new URL(url, new URL(configured().socket ?? "", document.baseURI)).href;
}
