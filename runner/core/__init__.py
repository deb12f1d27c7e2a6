"""What every room stands on: errors, rules of settings, the project's folders, texts of others."""
