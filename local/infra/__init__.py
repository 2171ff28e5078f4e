"""What can be known of infra/ without Azure and without a Bicep compiler: the checks, and what the code tells the templates."""
