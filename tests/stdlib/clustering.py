"""The worked example of the clustering module: three samples in the plane, three clusters."""

import torch

X = torch.tensor([[1, 0], [0, 2], [1, 1]], dtype=torch.float64)
M = torch.tensor([[1, 0], [0, 1], [-1, 1]], dtype=torch.float64)
GAMMA = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.25, 0.25, 0.5]], dtype=torch.float64)
