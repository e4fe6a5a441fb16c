"""The double of jtel's portal REST interface, as far as it is about dialler campaigns and their contacts.

Belongs here: what the portal answers and stores. Does not belong here: sockets, faults, other vendors.

Documented: the seven campaign functions, their two families of paths, the page object, 404 and 409, `status` in
every body, the clone without contacts, dates since release 3.39, the deletion of all related data. Public:
base address, token, the contact functions, mandatory fields, `overwriteDuplicates`, field lengths.
Assumed: everything that a knob of `knobs.py` calls so, the body of a refusal (`{"status": …}`), 400 for what is
malformed, the answer to an import, the fields of a contact in answers.
"""
