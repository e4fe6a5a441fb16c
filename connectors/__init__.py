"""Other people's systems: vendors and CRMs. Never imports dagster, sql or pipelines."""
