"""Settings for a class that is graded with nbgrader: copy this file into the course directory of the class.

    source/02_induction_heads/02_induction_heads.ipynb      is a copy of solutions/02_induction_heads.ipynb
    nbgrader generate_assignment 02_induction_heads         writes the learners' notebook to release/
    nbgrader autograde 02_induction_heads                   grades what stands in submitted/

mi_course has to be installed, with its author's tools, where these commands run. nbgrader runs submitted code in the
process that grades it: a submission made to cheat can, so do not use it on work you do not trust.
"""

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions

from mi_course.authoring.clear import CourseClearSolutions, ForLearners

c = get_config()  # nbgrader defines it

c.CourseDirectory.course_id = "mi-course"

# nbgrader's own steps, with the course's two stubs in place of nbgrader's one, and check cells that let Run All go on.
c.GenerateAssignment.preprocessors = [
    step
    for default in GenerateAssignment.preprocessors.default()
    for step in ([CourseClearSolutions, ForLearners] if default is ClearSolutions else [default])
]

# Seconds a cell may take: a busy machine loads torch and a model in the first one.
c.Execute.timeout = 300

# Long outputs are figures with their alt text, not printed by mistake.
c.LimitOutput.max_lines = 5000
c.LimitOutput.max_traceback = 100
