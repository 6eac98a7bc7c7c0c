"""An Azure Resource Manager on loopback: Resource Graph, Advisor, quota and faults, over any estate."""
