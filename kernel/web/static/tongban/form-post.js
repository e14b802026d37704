// Sends the form of the page that carries an answer to a client. Where scripts are off, its button does.
document.getElementById("form-post").submit();
