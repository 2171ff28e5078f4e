"""A Mailjet that delivers to an inbox page: the Send API, the look-up, the events, and faults on demand."""
