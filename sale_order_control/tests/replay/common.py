import tempfile
from pathlib import Path

# Three customers and twelve orders of June 2024; 2024-06-03 is a Monday.
TINY_BOOK = {
    'categories': """
        categoryID,categoryName
        1,Desks
    """,
    'products': """
        productID,productName,categoryID,unitPrice,unitCost
        P1,Desk,1,100.00,40.00
        P2,Lamp,,10.00,4.00
    """,
    'employees': """
        employeeID,lastName,firstName,country
        1,Doe,Jane,USA
        2,Roe,Rick,USA
    """,
    'customers': """
        customerID,companyName,contactName,address,city,country,phone,creditLimit
        HOME,Home Stores,Ann Lee,1 Main Street,Springfield,USA,555-0101,50000
        ABRO,Abroad GmbH,Jo Moll,Hauptstr. 1,Berlin,Germany,030-1,1000
        FARS,Far Ltd,,High Street 5,London,UK,020-1,1000
    """,
    'orders': """
        orderID,customerID,employeeID,orderDate,requiredDate,shippedDate,paidDate
        1,HOME,1,2024-06-03,2024-06-20,2024-06-10,2024-06-25
        2,HOME,1,2024-06-03,2024-06-21,2024-06-12,
        3,HOME,2,2024-06-03,2024-06-24,2024-06-12,
        4,HOME,2,2024-06-04,2024-06-10,2024-06-14,2024-06-28
        5,ABRO,1,2024-06-04,2024-06-18,2024-06-06,2024-06-20
        6,FARS,1,2024-06-05,2024-06-25,2024-06-07,
        7,FARS,1,2024-06-10,2024-06-28,2024-06-17,
        8,ABRO,2,2024-06-12,2024-06-28,2024-06-14,
        9,HOME,1,2024-06-17,2024-06-21,,
        10,HOME,1,2024-06-18,2024-07-15,2024-06-28,
        11,HOME,2,2024-06-20,2024-07-18,2024-06-27,
        12,HOME,2,2024-06-30,2024-07-29,,
    """,
    'order-details': """
        orderID,productID,unitPrice,quantity,discount
        1,P1,100.00,1,0
        2,P1,100.00,2,0.25
        2,P2,10.00,3,0
        3,P1,100.00,120,0
        4,P2,9.99,7,0.05
        5,P1,100.00,8,0
        6,P1,100.00,6,0
        7,P1,100.00,5,0
        8,P1,100.00,4,0
        9,P2,10.00,11,0
        10,P2,10.00,13,0
        11,P2,10.00,17,0
        12,P2,10.00,19,0
    """,
}


def write_book(test, **changes):
    """Write the tiny book to a folder that is removed after the test.

    :param changes: ``{file name with _ for -: text}`` to write instead; None leaves the file out
    :return: Path of the folder
    """
    folder = tempfile.TemporaryDirectory()
    test.addClassCleanup(folder.cleanup)
    for name, text in {**TINY_BOOK, **{key.replace('_', '-'): text for key, text in changes.items()}}.items():
        if text is not None:
            lines = [line.strip() for line in text.strip().splitlines()]
            Path(folder.name, f'{name}.csv').write_text("\n".join(lines) + "\n", encoding='utf-8')
    return Path(folder.name)


def with_row(name, row):
    """Return the text of a file of the tiny book with one more row, and the line it is on."""
    lines = TINY_BOOK[name].strip().splitlines()
    return "\n".join([*lines, row]), len(lines) + 1
