"""The skills of nano: one module per group of skills, each exporting SKILLS (name -> items.Skill)."""
