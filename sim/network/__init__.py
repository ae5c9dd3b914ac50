"""Networks as data: their shape (`schema`), their cross-field rules (`check`) and how they are read (`load`)."""
