"use strict";

const NEWS_INTERVAL_MS = 3000;

// One section becomes one tab; without this script they stand below one another.
function makeTabs(tabs) {
  const sections = [...tabs.querySelectorAll("section[data-tab]")];
  const list = document.createElement("div");
  list.className = "tablist";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Parts of the mail");
  const buttons = sections.map((section) => {
    const button = document.createElement("button");
    button.type = "button";
    button.id = `tab-${section.id}`;
    button.textContent = section.dataset.tab;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", section.id);
    section.setAttribute("role", "tabpanel");
    section.setAttribute("aria-labelledby", button.id);
    list.append(button);
    return button;
  });
  const select = (chosen) => {
    buttons.forEach((button, place) => {
      button.setAttribute("aria-selected", String(place === chosen));
      button.tabIndex = place === chosen ? 0 : -1;
      sections[place].hidden = place !== chosen;
    });
  };
  buttons.forEach((button, place) => {
    button.addEventListener("click", () => select(place));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (place + step + buttons.length) % buttons.length;
      select(next);
      buttons[next].focus();
    });
  });
  tabs.prepend(list);
  tabs.classList.add("live");
  select(0);
}

// The status word after an event is the server's to say, so the page reads it again.
async function refreshStatus() {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  document.getElementById("status").textContent = page.getElementById("status").textContent;
}

function makeEventButtons(group) {
  const result = document.querySelector(".result");
  const show = (text, failed) => {
    result.textContent = text;
    result.classList.toggle("failed", failed);
  };
  for (const button of group.querySelectorAll("button")) {
    button.addEventListener("click", async () => {
      show(`${button.textContent}: posting…`, false);
      try {
        const answer = await fetch(`/api/messages/${group.dataset.mail}/events`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: button.dataset.event,
        });
        const body = await answer.json();
        if (!answer.ok) {
          show(`${button.textContent}: ${[body.title, body.detail].filter(Boolean).join(" – ")}`, true);
          return;
        }
        show(`${button.textContent}: the webhook answered ${body.webhookStatus}`, body.webhookStatus !== 200);
        await refreshStatus();
      } catch {
        show(`${button.textContent}: the mail sandbox does not answer`, true);
      }
    });
  }
}

function watchForNews(news) {
  const held = Number(news.dataset.held);
  setInterval(async () => {
    if (document.hidden || news.firstChild) return;
    try {
      const { messages } = await (await fetch("/api/stats")).json();
      if (messages === held) return;
      const link = document.createElement("a");
      link.href = location.href;
      link.textContent = "The inbox has changed. Show it";
      news.append(link);
    } catch {
      // The sandbox is stopping or starting: the next round tells.
    }
  }, NEWS_INTERVAL_MS);
}

document.querySelectorAll(".tabs").forEach(makeTabs);
document.querySelectorAll(".buttons[data-mail]").forEach(makeEventButtons);
document.querySelectorAll(".news").forEach(watchForNews);
