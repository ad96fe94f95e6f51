// Keeps the page alive: asks for it again when the workspace says that it
// changed, and sends forms without leaving the page. Everything also works
// without this file.
(function () {
  "use strict";

  const notice = document.getElementById("notice");
  let noticeTimer;

  function say(text) {
    clearTimeout(noticeTimer);
    notice.textContent = text;
    notice.hidden = !text;
    noticeTimer = setTimeout(() => { notice.hidden = true; }, 6000);
  }

  // Regions follow their newest line, unless the reader scrolled up.
  function atEnd(el) { return el.scrollHeight - el.scrollTop - el.clientHeight < 80; }
  function toEnd(el) { el.scrollTop = el.scrollHeight; }

  let running = false;
  let again = false;

  async function refresh() {
    if (running) { again = true; return; }
    running = true;
    try {
      do {
        again = false;
        const answer = await fetch(location.href, { headers: { "X-Scripted": "1" } });
        if (!answer.ok) { continue; }
        swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } while (again);
    } catch (err) {
      say("The workspace does not answer.");
    } finally {
      running = false;
    }
  }

  function swap(next) {
    document.title = next.title;
    for (const el of document.querySelectorAll("[data-live]")) {
      const fresh = next.getElementById(el.id);
      if (!fresh || fresh.innerHTML === el.innerHTML) { continue; }
      if (el.id === "modal" && el.querySelector("[data-view]") && fresh.querySelector("[data-view]")
        && el.querySelector("[data-view]").dataset.view === fresh.querySelector("[data-view]").dataset.view
        && el.contains(document.activeElement)) { continue; }
      const follow = el.hasAttribute("data-scroll") && atEnd(el);
      settle(el, [...fresh.childNodes]);
      if (follow) { toEnd(el); }
    }
  }

  // Replaces only what differs: what is being pressed or selected stays.
  function settle(el, next) {
    const same = (a, b) => (a.outerHTML ?? a.textContent) === (b.outerHTML ?? b.textContent);
    next.forEach((node, i) => {
      const old = el.childNodes[i];
      if (!old) { el.append(node); } else if (!same(old, node)) { old.replaceWith(node); }
    });
    while (el.childNodes.length > next.length) { el.lastChild.remove(); }
  }

  // A confirm dialog, as the button asks for it.
  function confirmed(button) {
    const data = button.dataset;
    if (!data.confirmTitle) { return Promise.resolve(true); }
    const dialog = document.getElementById("confirm");
    dialog.querySelector("h1").textContent = data.confirmTitle;
    dialog.querySelector("p").textContent = data.confirmText;
    const [no, yes] = dialog.querySelectorAll("button");
    no.textContent = data.confirmNo || "Cancel";
    yes.textContent = data.confirmYes || "Yes";
    yes.className = button.classList.contains("danger") ? "danger" : "primary";
    return new Promise((resolve) => {
      dialog.returnValue = "no";
      no.onclick = () => dialog.close("no");
      yes.onclick = () => dialog.close("yes");
      dialog.onclose = () => resolve(dialog.returnValue === "yes");
      dialog.showModal();
    });
  }

  async function send(form, button) {
    const body = new URLSearchParams(new FormData(form));
    if (button && button.name) { body.set(button.name, button.value); }
    const text = form.querySelector("textarea[name=text]");
    if (text) {
      if (!text.value.trim()) { return; }
      text.value = "";
      grow(text);
    }
    if (button && !text) { button.classList.add("busy"); }
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { "X-Scripted": "1" } });
      const words = await answer.text();
      if (!answer.ok || words) { say(words); }
      if (!answer.ok && text) { text.value = body.get("text"); grow(text); }
    } catch (err) {
      say("The workspace does not answer.");
    } finally {
      if (button) { button.classList.remove("busy"); }
    }
    await refresh();
    for (const el of document.querySelectorAll("[data-scroll]")) { if (text) { toEnd(el); } }
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.getAttribute("method") !== "post") { return; }
    event.preventDefault();
    const button = event.submitter;
    if (button && button.dataset.url) { window.open(button.dataset.url, "_blank", "noopener"); }
    if (button && !(await confirmed(button))) { return; }
    await send(form, button);
  });

  function grow(area) {
    area.style.height = "auto";
    area.style.height = Math.min(area.scrollHeight, 180) + "px";
  }

  for (const area of document.querySelectorAll(".composer textarea")) {
    area.addEventListener("input", () => grow(area));
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        area.form.requestSubmit();
      }
    });
  }

  document.addEventListener("click", (event) => {
    const people = document.getElementById("people");
    if (people && people.open && !people.contains(event.target)) { people.open = false; }
  });

  document.addEventListener("keydown", (event) => {
    const close = document.getElementById("close-thread");
    if (event.key === "Escape" && close && !document.querySelector("dialog[open]")) { location.href = close.href; }
  });

  document.querySelectorAll("[data-scroll]").forEach(toEnd);
  const first = document.getElementById("reply") || document.getElementById("composer");
  if (first && matchMedia("(min-width: 800px)").matches) { first.focus(); }

  const stream = new EventSource("/stream");
  stream.onmessage = refresh; // the first may tell of what changed since this page was made
})();
