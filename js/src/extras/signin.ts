/** Says that the user has to sign in again; leaves nothing of the page where they have signed out. */

/** The user is another one now, or nobody. */
const SIGNED_OUT = 4002;

/** `code`: why the connection was closed. `url`: where to sign in, relative to the page. */
export function signIn(_got: number, code: number, url = ""): void {
  const status = document.getElementById("jibe-status");
  if (code === SIGNED_OUT) {
    location.reload();
  } else if (status && !status.querySelector("a")) {
    const link = document.createElement("a");
    link.href = url;
    // In another tab, so that nothing of this one gets lost.
    link.target = "_blank";
    link.textContent = "Sign in again";
    // What stands in the corner else lets the pointer through.
    link.style.pointerEvents = "auto";
    link.style.color = "inherit";
    status.replaceChildren("Your sign-in has expired. ", link);
  }
}
