/** A field that the program has emptied is as new: not marked as one that the user has left empty. */

/**
 * Only the reset of its form takes the mark `:user-invalid` from a field. So it is reset in a form that has nothing else in
 * it, by its attribute: it stays where it is, with the focus that it has.
 */
export function makePristine(_got: number, id: string): void {
  const field = document.getElementById(id) as HTMLInputElement | null;
  // The user may have begun to type again.
  if (!field?.matches(":user-invalid") || field.value || field.validity.badInput) {
    return;
  }
  const form = document.createElement("form");
  form.id = "jibe-pristine";
  document.body.append(form);
  const own = field.getAttribute("form");
  field.setAttribute("form", form.id);
  form.reset();
  // What the first response had in it comes back by that.
  field.value = "";
  if (own === null) {
    field.removeAttribute("form");
  } else {
    field.setAttribute("form", own);
  }
  form.remove();
}
