"""The numbered notebooks, run headlessly in order by papermill; begin with `series.run_series`."""
