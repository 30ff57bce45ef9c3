"""Which connection serves what."""


class OwnerNeverServes:
    """Keep the owner's connection for migrations: nothing reads or writes rows through it."""

    def db_for_read(self, model, **hints):
        return "default"

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, first, second, **hints):
        return True
