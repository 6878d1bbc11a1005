from odoo import api, models


class SaleApprovalFinding(models.Model):
    """Every sentence of the check-up in one place: ``{kind: (severity, what is wrong, what to do)}``."""

    _inherit = 'sale.approval.finding'

    @api.model
    def _get_words(self):
        return {
            **self._get_policy_words(), **self._get_coverage_words(),
            **self._get_level_words(), **self._get_people_words(), **self._get_escape_words(),
        }

    @api.model
    def _get_policy_words(self):
        return {
            'unreadable': (
                'error',
                self.env._("The condition of “%(policy)s” cannot be used: %(reason)s It counts as met, so the policy "
                           "looks at more than it should."),
                self.env._("Correct the condition under “Only for documents that also match”.")),
            'contradiction': (
                'error',
                self.env._("The condition of “%(policy)s” can never hold: %(reason)s."),
                self.env._("Correct the condition; the policy never asks as it is.")),
            'expired': (
                'warning',
                self.env._("“%(policy)s” ended on %(end_date)s and asks about nothing any more."),
                self.env._("Archive it, or give it another end.")),
            'unreachable': (
                'error',
                self.env._("“%(policy)s” is never asked: “%(other)s” comes first, asks whenever it would, and says "
                           "that no later policy is asked."),
                self.env._("Move it before “%(other)s”, or take “Ask No Later Policy” off there.")),
            'redundant': (
                'warning',
                self.env._("“%(policy)s” adds nobody: whenever it asks, “%(other)s” asks the same persons."),
                self.env._("Archive one of them, or let them ask different persons.")),
            'class_alone': (
                'warning',
                self.env._("“%(policy)s” asks about everything that customers of some classes order, because of their "
                           "class alone: %(classes)s."),
                self.env._("Add a reason to ask, such as an amount or a discount. A class says who is served first; "
                           "credit says who is trusted.")),
            'idle_types': (
                'warning',
                self.env._("“%(policy)s” looks at sales types only for which approval does not run: %(types)s."),
                self.env._("Let approval run for them, or choose other sales types.")),
        }

    @api.model
    def _get_coverage_words(self):
        return {
            'gap': (
                'warning',
                self.env._("No policy looks at amounts from %(low)s to below %(high)s, but those below and above are "
                           "looked at (%(policies)s)."),
                self.env._("Close the gap, unless such orders need no approval.")),
            'open_end': (
                'warning',
                self.env._("No policy looks at amounts from %(low)s on, but smaller ones are looked at "
                           "(%(policies)s)."),
                self.env._("Let the last band have no upper end.")),
            'uncovered_type': (
                'warning',
                self.env._("Approval runs for orders of the type “%(type)s”, but no policy looks at them."),
                self.env._("Add the type to a policy, or say on the type that no approval runs.")),
            'no_answer': (
                'error',
                self.env._("No policy says who agrees to what other controls find, such as an order over the credit "
                           "limit: those orders stay on hold."),
                self.env._("Add a policy “On Credit or Other Issue”.")),
            'control_off': (
                'warning',
                self.env._("“%(policy)s” asks about “%(trigger)s”, but the control that finds it is off."),
                self.env._("Switch on %(control)s, or take the reason off the policy.")),
            'no_rate': (
                'error',
                self.env._("Amounts in %(currency)s cannot be compared: the currency has no rate, so one "
                           "%(currency)s counts as one %(own)s."),
                self.env._("Enter a rate of %(currency)s.")),
        }

    @api.model
    def _get_level_words(self):
        return {
            'nobody': (
                'error',
                self.env._("Nobody can decide at level “%(level)s” of “%(policy)s”. %(why)s"),
                self.env._("Name active colleagues who may work in %(company)s.")),
            'quorum': (
                'error',
                self.env._("Level “%(level)s” of “%(policy)s” wants %(wanted)s persons to agree, but only %(known)s "
                           "can decide: %(names)s."),
                self.env._("Name more persons, or ask fewer to agree.")),
            'distinct': (
                'error',
                self.env._("Level “%(level)s” of “%(policy)s” wants other persons than before, but whoever can "
                           "decide there has agreed before: %(names)s."),
                self.env._("Name more persons at one of the levels.")),
            'path_gone': (
                'error',
                self.env._("Level “%(level)s” of “%(policy)s” asks the person in “%(path)s”, a field that does not "
                           "exist any more."),
                self.env._("Choose other approvers.")),
            'not_for': (
                'error',
                self.env._("Level “%(level)s” of “%(policy)s” has nobody for the orders of %(names)s: %(why)s."),
                self.env._("Set the leader or manager, or choose other approvers.")),
            'own_orders': (
                'warning',
                self.env._("At level “%(level)s” of “%(policy)s” these people would have to approve their own orders, "
                           "so nobody can: %(names)s."),
                self.env._("Name a second approver, who decides on their orders.")),
        }

    @api.model
    def _get_people_words(self):
        return {
            'left': (
                'warning',
                self.env._("Level “%(level)s” of “%(policy)s” names people who cannot decide: %(why)s"),
                self.env._("Take them off, or let them work in %(company)s again.")),
            'no_right': (
                'warning',
                self.env._("%(names)s decide at level “%(level)s” of “%(policy)s” without the right “Approver”: they "
                           "do not see “My Approvals”."),
                self.env._("Give them the right “Approver”.")),
            'away': (
                'warning',
                self.env._("At level “%(level)s” of “%(policy)s” nobody has signed in for %(days)s days: %(names)s."),
                self.env._("Ask whether they still work with it, or name somebody else.")),
            'calendar': (
                'warning',
                self.env._("Level “%(level)s” of “%(policy)s” gives hours to decide, but %(company)s has no working "
                           "hours: every hour of the day counts."),
                self.env._("Give the company working hours.")),
            'no_escalation': (
                'error',
                self.env._("When time is up at level “%(level)s” of “%(policy)s”, other persons should be asked, but "
                           "nobody can be."),
                self.env._("Name active colleagues under “Then Ask”.")),
            'delegate_gone': (
                'error',
                self.env._("%(user)s let %(delegate)s decide until %(end_date)s, who cannot: archived, or not of "
                           "%(company)s."),
                self.env._("End the delegation, or choose somebody else.")),
            'circle': (
                'error',
                self.env._("These delegations go round in a circle: %(names)s."),
                self.env._("End one of them.")),
        }

    @api.model
    def _get_escape_words(self):
        return {
            'editable': (
                'warning',
                self.env._("Salespeople can write “%(field)s” of %(model)s, on which “%(policy)s” depends "
                           "(“%(path)s”): they can lead an order out of it."),
                self.env._("Use a condition on the deal itself, or a field that salespeople cannot write.")),
            'editable_country': (
                'info',
                self.env._("Salespeople who may edit contacts can change the country of a customer, on which "
                           "“%(policy)s” depends."),
                self.env._("Take “Contact: Creation” from those who should not, or watch changes of the country.")),
            'editable_parent': (
                'info',
                self.env._("Salespeople who may edit contacts can move a customer to another parent company, which "
                           "“%(policy)s” looks at (%(conditions)s)."),
                self.env._("Take “Contact: Creation” from those who should not, or watch changes of the parent "
                           "company.")),
            'editable_class': (
                'info',
                self.env._("These salespeople may choose the class of a customer, on which “%(policy)s” depends: "
                           "%(names)s."),
                self.env._("Take their rights as sales manager or credit controller, or watch the notes on the "
                           "customers.")),
            'editable_approver': (
                'error',
                self.env._("Level “%(level)s” of “%(policy)s” asks the person in “%(path)s”, but salespeople can "
                           "write “%(field)s” of %(model)s: they can choose who approves."),
                self.env._("Use a field that salespeople cannot write, or another kind of approvers.")),
        }
