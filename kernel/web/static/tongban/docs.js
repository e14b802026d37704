// Starts the API reference on the document beside it. Nothing is asked of another host.
const place = document.getElementById("api-reference");

// The page says who it is; the server is the one it came from.
const nothing = () => () => null;
const ourFrame = () => ({ wrapComponents: { InfoContainer: nothing, ServersContainer: nothing } });

// Repairs what assistive technology would stumble over in the drawn reference, each time it changes.
const repair = () => {
  for (const scrolling of place.querySelectorAll("pre")) scrolling.setAttribute("tabindex", "0");
  for (const choice of place.querySelectorAll("select:not([aria-label])")) {
    choice.setAttribute("aria-label", place.dataset.choice);
  }
};
new MutationObserver(repair).observe(place, { childList: true, subtree: true });

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: false,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  validatorUrl: null,
  queryConfigEnabled: false,
  persistAuthorization: false,
  syntaxHighlight: false,
  plugins: [ourFrame],
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
