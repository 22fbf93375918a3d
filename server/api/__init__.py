"""HTTP: one blueprint per resource over the rooms' services. Frame: `frame`, `auth`, `problems`, `once`, `paging`."""
