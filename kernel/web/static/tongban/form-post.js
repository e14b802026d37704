// Sends the form of a page whose form is to go by itself. Where scripts are off, its button does.
// Not the form's own `submit`: a field of that name would stand in its place.
HTMLFormElement.prototype.submit.call(document.getElementById("form-post"));
