/** Elements by a line each, without markup in texts: what a film or a file is called is never read as HTML. */

type Child = Node | string | null | false;

/** Make an element with properties and children; what is null or false is left out. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> & { role?: string } = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child): child is Node | string => child !== null && child !== false));
  return made;
}

/** Make a button that does something. */
export function button(text: string, act: () => void, className = ""): HTMLButtonElement {
  return make("button", { type: "button", onclick: act, className }, text);
}

/** Make a field with its label above it. */
export function labelled(text: string, field: HTMLInputElement | HTMLSelectElement): HTMLLabelElement {
  return make("label", { className: "field" }, make("span", {}, text), field);
}

/** Make a choice of several values. */
export function choice(
  entries: readonly (readonly [string, string])[],
  chosen: string,
  act: (value: string) => void,
): HTMLSelectElement {
  const select = make(
    "select",
    {},
    ...entries.map(([value, text]) => make("option", { value, selected: value === chosen }, text)),
  );
  select.onchange = () => act(select.value);
  return select;
}
