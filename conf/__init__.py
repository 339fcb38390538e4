"""The configuration: `generate.yaml` and its groups. `generator.options` says what each key means and may be."""
