"""Stock: four figures per warehouse and SKU, changed by movements only (STK)."""
