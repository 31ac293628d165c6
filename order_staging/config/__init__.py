"""The mapping of the board and the customers, as YAML files that come with the package.

`order_staging.transform` reads them; the settings MAPPING and CUSTOMERS name other files to use instead.
"""
