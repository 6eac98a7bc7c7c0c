"""The savings of Azure Advisor's recommendations that may be added up, and whose they are.

``gold`` puts the three tables together: ``verdicts`` judges by the eight rules, ``linking`` finds the projects,
``allocation`` gives each its share, ``summary`` adds up.
"""
