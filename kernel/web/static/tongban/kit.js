// Starts the components of govuk-frontend. Every page works without this file.
import { initAll } from "../govuk-frontend/govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
