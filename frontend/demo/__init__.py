"""An invented shop to look around in: products, pictures, people and a working day."""
