"""What is kept: the database's tables, and every statement that reads or changes them."""
