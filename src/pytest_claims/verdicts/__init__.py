"""From runs to quantities to a verdict. It knows neither pytest nor how runs are made."""
