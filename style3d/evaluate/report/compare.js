for (const frame of document.querySelectorAll(".compare")) {
  const slider = frame.querySelector("input"), over = frame.querySelector(".over");
  const move = () => {
    over.style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`;
    frame.style.setProperty("--at", `${slider.value}%`);
  };
  slider.addEventListener("input", move);
  move();
}
