"""What Kestra runs: the command line, from the repository."""

from order_staging.cli import main

if __name__ == "__main__":
    main()
