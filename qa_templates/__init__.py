"""What is asked, one question template per file. `qa_templates.question` holds the contract."""
