"""The smallest honest app that does what a claim and a submission must do: the product's floor.

Own tables, hand-written SQL, no machine, no live pages, no translation. What it does not
leave out: the hashed API key, who may take the work, the cap, the batch being open, the answer form and
all machine checks, one transaction for each verb, an audit row, an answer with everything a worker needs
for the next task; and Django, DRF, Daphne and the same bounded threads.
"""
