"""What holds for all topologies, all peers and all inputs, not for chosen ones."""
