"""What joins the layers behind a connection."""
