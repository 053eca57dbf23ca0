"""What a report says, from plain values: `known` what is known, `form` the pack's form in parts, `writing` the words."""
