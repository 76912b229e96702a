"""What people report: which reports are of one incident, who reads them, what is urgent, and what may be published."""
