"""Forms of incidents: `declaring` for a new one, `acting` for what is done to one."""
