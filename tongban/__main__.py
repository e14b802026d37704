"""``python -m tongban`` is the command ``tongban``."""

from tongban.cli import main

if __name__ == "__main__":
    main()
