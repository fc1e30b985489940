import { createRoot } from "react-dom/client";
import { Boot } from "./boot";
import { startI18n } from "./i18n";
import "./styles/index.css";
import { followSystemTheme } from "./theme";

followSystemTheme();
await startI18n();
const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<Boot />);
