/** Beside the page: files that the user gets, and other applications. */
import { locate } from "./address.ts";

/** Has the browser fetch a file. */
export function download(_got: number, url: string, name: string): void {
  const link = document.createElement("a");
  link.href = locate(url);
  link.download = name;
  // Some browsers follow no link that is not in the page.
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
}

/** Offers a link, since the browser opens no window by itself. */
function offer(url: string): void {
  const note = document.createElement("div");
  note.id = "jibe-open";
  note.role = "alert";
  const link = document.createElement("a");
  link.href = url;
  link.target = "_blank";
  link.textContent = `Open ${url}`;
  link.addEventListener("click", () => note.remove());
  note.append(link);
  document.getElementById(note.id)?.remove();
  document.body.prepend(note);
}

/** Goes to another application of the server, here or in a new window. */
export function openApp(_got: number, path: string, isNewWindow: boolean): void {
  const url = locate(path);
  if (!isNewWindow) {
    location.assign(url);
    return;
  }
  const opened = window.open(url, "_blank");
  if (opened) {
    opened.opener = null;
  } else {
    offer(url);
  }
}
