"""What a mail says about itself: written by a person or by a machine, and which of its files can be kept."""

import re

AUTOMATIC_PRECEDENCE = {'bulk', 'junk', 'list', 'auto_reply'}
# Headers that only machines set, whatever they say.
AUTOMATIC_HEADERS = ('X-Autoreply', 'X-Autorespond', 'X-Auto-Reply-From', 'List-Id', 'List-Unsubscribe')
# Mailboxes that nobody reads.
AUTOMATIC_SENDERS = re.compile(r'^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+.\-].*)?$', re.I)

# Told to machines that get what we send by ourselves: do not answer it.
AUTO_GENERATED = {'Auto-Submitted': 'auto-replied', 'X-Auto-Response-Suppress': 'All', 'Precedence': 'auto_reply'}

MEGABYTE = 1024 * 1024


def is_automatic(message):
    """Tell whether a machine wrote a mail: an out-of-office reply, a bounce, a newsletter, our own acknowledgement.

    :param email.message.EmailMessage message: as it came in
    :return: whether it must not be answered by another machine (RFC 3834, and what common servers set instead)
    """
    submitted = str(message.get('Auto-Submitted') or 'no').split(';')[0].strip().lower()
    if submitted != 'no':
        return True
    if str(message.get('Precedence') or '').strip().lower() in AUTOMATIC_PRECEDENCE:
        return True
    if any(message.get(name) for name in AUTOMATIC_HEADERS):
        return True
    if str(message.get('Return-Path') or '').strip() == '<>':
        return True
    sender = re.search(r'([^\s<"]+)@', str(message.get('From') or ''))
    return bool(sender and AUTOMATIC_SENDERS.match(sender.group(1)))


def split_files(files, most_bytes):
    """Separate the files that are kept from those that are too large.

    :param files: tuples ``(name, content, ...)`` as mails bring them
    :param int most_bytes: of one file
    :return: ``(kept files, [(name, bytes) of the refused ones])``
    """
    kept, refused = [], []
    for file in files:
        content = file[1]
        size = len(content) if isinstance(content, (bytes, str)) else 0
        if size > most_bytes:
            refused.append((file[0], size))
        else:
            kept.append(file)
    return kept, refused
