const cards = [...document.querySelectorAll("article")];
const look = document.querySelector("#look"), state = document.querySelector("#state"), word = document.querySelector("#name");
const filter = () => {
  for (const card of cards) {
    const named = card.dataset.name.toLowerCase().includes(word.value.toLowerCase());
    card.hidden = !(named && (!look.value || card.dataset.look === look.value) && (!state.value || card.dataset.state === state.value));
  }
  document.querySelector("#count").textContent = `${cards.filter((card) => !card.hidden).length} of ${cards.length} shown`;
};
for (const control of [look, state, word]) control.addEventListener("input", filter);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
filter();
