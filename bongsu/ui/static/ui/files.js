// Files dragged onto a [data-drop] field, or pasted anywhere in its form.
function add(field, files) {
  const input = field.querySelector("input[type=file]");
  const all = new DataTransfer();
  for (const file of [...(input.multiple ? input.files : []), ...files]) all.items.add(file);
  input.files = all.files;
  list(field);
}

function list(field) {
  const lines = [...field.querySelector("input").files].map((file) => {
    const line = document.createElement("li");
    line.textContent = `${file.name} · ${Math.max(1, Math.round(file.size / 1024)).toLocaleString()} KB`;
    return line;
  });
  field.querySelector(".chosen").replaceChildren(...lines);
}

const fieldAt = (event) => event.target.closest?.("[data-drop]") || event.target.closest?.("form")?.querySelector("[data-drop]");
const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

document.addEventListener("dragover", (event) => {
  const field = hasFiles(event) && fieldAt(event);
  if (!field) return;
  event.preventDefault();
  field.classList.add("over");
});

document.addEventListener("dragleave", (event) => fieldAt(event)?.classList.remove("over"));

document.addEventListener("drop", (event) => {
  const field = hasFiles(event) && fieldAt(event);
  if (!field) return;
  event.preventDefault();
  field.classList.remove("over");
  add(field, event.dataTransfer.files);
});

document.addEventListener("paste", (event) => {
  const files = event.clipboardData?.files;
  const field = files?.length && fieldAt(event);
  if (!field) return;
  event.preventDefault();
  add(field, files);
});

document.addEventListener("change", (event) => {
  const field = event.target.matches("[data-drop] input") && event.target.closest("[data-drop]");
  if (field) list(field);
});

document.addEventListener("reset", (event) => {
  setTimeout(() => event.target.querySelectorAll("[data-drop]").forEach(list));
});
